"""The name of an option says whether its value is a secret."""

import pytest

from reconciler.kinds.secret_names import USUAL_NAMES, SecretNames


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "Password",
        "PASSWORD",
        "password2",
        "Password2",
        "passwd",
        "pwd",
        "token",
        "secret",
        "credentials",
        "passphrase",
        "db-password",
        "db_password",
        "db password",
        "db.password",
        "dbPassword",
        "DBPassword",
        "DB_PASSWORD",
        "dbpassword",
        "keyStorePassword",
        "javax.net.ssl.keystorepassword",
        "passWord",
        "auth_token",
        "accessToken",
        "OAuth2Token",
        "client_secret",
        "clientSecret",
        "private-key",
        "privateKey",
        "private key",
        "privatekey",
        "shared-key",
        "sharedKey",
        "api-key",
        "apiKey",
        "APIKey",
        "API_KEY",
        "x-api-key-2",
        "awsAccessKeyId",
        "tls-private-key-file",
        "[database] password",
        "server/store/@password",
        "clientsecret",
        "jwtsecret",
        "accesstoken",
        "authtoken",
        "dbpwd",
        "secretkey",
        "secret-key",
        "awssecretkey",
        "myapi-key",
        "passwords",
        "db-passwords",
        "tokens",
        "refreshTokens",
        "secrets",
        "apikeys",
        "apikeys-url",
        "keystorePass",
        "truststorepass",
        "userpass",
    ],
)
def test_a_word_of_a_name_marks_a_secret_however_the_words_are_joined(name: str) -> None:
    assert USUAL_NAMES.marks(("options", "section", name))


@pytest.mark.parametrize(
    "name",
    [
        "queueKey",
        "queue-key",
        "key",
        "keywords",
        "keyWords",
        "tokenizer",
        "tokenized",
        "passwordless",
        "session-passwordless",
        "secretary",
        "monkey",
        "accessKeyboard",
        "bypass",
        "pass",
        "first-pass",
        "keyboard",
        "hotkeys",
        "routing-key",
        "secretariat",
        "tokenring",
        "pwdx",
        "",
        "-_.",
        "日本語",
    ],
)
def test_a_name_that_only_looks_so_marks_none(name: str) -> None:
    assert not USUAL_NAMES.marks(("options", "section", name))


def test_only_the_name_of_the_option_counts() -> None:
    assert not USUAL_NAMES.marks(("options", "password", "length"))
    assert not USUAL_NAMES.marks(("agents", "Secret Shopper"))
    assert not USUAL_NAMES.marks(())


def test_a_site_adds_words() -> None:
    names = SecretNames(words=("pin", "Door-Code", "пароль"))
    for name in ("pin", "customer-pin", "customerPin", "doorCode", "door_code", "пароль-2"):
        assert names.marks(("annex", "s", name)), name
    for name in ("pink", "spin", "door", "code"):
        assert not names.marks(("annex", "s", name)), name


def test_queue_key_is_no_secret_even_where_key_is_a_word() -> None:
    names = SecretNames(words=("key",))
    assert not names.marks(("options", "chat", "queueKey"))
    assert names.marks(("options", "chat", "sort-key"))


def test_a_site_takes_whole_names_out_in_any_case() -> None:
    names = SecretNames(words=("pin",), exceptions=("token-timeout", "PIN"))
    assert not names.marks(("options", "s", "Token-Timeout"))
    assert not names.marks(("options", "s", "pin"))
    assert names.marks(("options", "s", "token"))
    assert names.marks(("options", "s", "my-token-timeout"))
    assert names.marks(("options", "s", "customer-pin"))
