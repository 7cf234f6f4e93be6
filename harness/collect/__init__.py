"""Pulls what platforms know, bills and prices."""
