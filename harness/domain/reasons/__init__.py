"""Kinds of reasons, by what they are reasons of."""
