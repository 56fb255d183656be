"""An embedded Configuration Server in one SQLite file.

``store`` owns the file, ``rules`` what the server checks, ``folders`` where objects
live, ``adapter`` the port. ``site_file`` fills a new file from YAML.
"""
