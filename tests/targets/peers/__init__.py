"""The nearest peers of the programs that the pages of targets/ call, none of which has an account here.

A page's blocks run in one shell, as a reader types them. A program of a cloud is a recorder that prints what such a program
would; afterwards each call is held to what is known of that program. What is no program of a cloud runs itself.
"""
