"use strict";
// Search and filters. Without this script every object is shown, and opens by itself.
(() => {
  const toolbar = document.getElementById("toolbar");
  if (!toolbar) return;
  const query = document.getElementById("query");
  const kind = document.getElementById("kind");
  const status = document.getElementById("status");
  const boxes = [...toolbar.querySelectorAll("[name=action]")];
  const groups = [...document.querySelectorAll(".kind, .batch")];
  const rows = [...document.querySelectorAll(".row")].map((element) => ({
    element,
    batch: element.parentElement,
    section: element.closest(".kind"),
    action: element.classList[1],
  }));
  const texts = new Map();

  // What a search finds of an object; its values may be shown at another object.
  function textOf(element) {
    if (!texts.has(element)) {
      const same = document.getElementById(element.dataset.same);
      const kindName = element.closest(".kind").querySelector("h2").firstChild.data;
      const text = `${kindName} ${element.textContent} ${same ? textOf(same) : ""}`;
      texts.set(element, text.toLowerCase());
    }
    return texts.get(element);
  }

  function filter() {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    const actions = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
    const shown = new Set();
    let count = 0;
    for (const { element, batch, section, action } of rows) {
      const found =
        (!kind.value || kind.value === section.id) &&
        actions.has(action) &&
        words.every((word) => textOf(element).includes(word));
      if (element.hidden === found) element.hidden = !found;
      if (found) {
        count += 1;
        shown.add(section).add(batch);
      }
    }
    for (const group of groups) group.hidden = !shown.has(group);
    const total = rows.length.toLocaleString("en");
    status.textContent =
      count === rows.length
        ? `${total} ${count === 1 ? "object" : "objects"}`
        : `${count.toLocaleString("en")} of ${total} objects`;
  }

  function open(isOpen) {
    for (const { element } of rows) if (!element.hidden && "open" in element) element.open = isOpen;
  }

  // A link to an object leads there also where a filter hides it.
  function follow() {
    const target = document.getElementById(location.hash.slice(1));
    if (!target || !target.closest(".kind")) return;
    if (target.closest("[hidden]")) {
      toolbar.reset();
      filter();
    }
    if ("open" in target) target.open = true;
    target.scrollIntoView();
  }

  toolbar.addEventListener("input", filter);
  toolbar.addEventListener("submit", (event) => event.preventDefault());
  toolbar.addEventListener("reset", () => setTimeout(filter));
  document.getElementById("expand").addEventListener("click", () => open(true));
  document.getElementById("collapse").addEventListener("click", () => open(false));
  addEventListener("hashchange", follow);
  toolbar.hidden = false;
  filter();
  follow();
})();
