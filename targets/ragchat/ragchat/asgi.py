"""The app as servers and runtimes name it: ``ragchat.asgi:app``."""

from ragchat.app import create_app

app = create_app()
