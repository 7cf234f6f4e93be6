"""What deployments share, whichever cloud they are on: what is built, by whom, under which tag, and waiting for it."""
