"""The demo: a workspace as package data, scaled so that two cores carry it."""
