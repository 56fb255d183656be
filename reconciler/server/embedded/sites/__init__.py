"""Site files: the objects of a server as YAML.

file       reads site files; words: translates their keys; names: resolves names folders    the
folders of a site create     makes a server from a site file export     writes a server as a site
file; describe: one object in words; text: the YAML
"""
