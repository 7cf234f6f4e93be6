"""The words of the pilot: frozen values, pure functions, protocols between rooms. No input or output."""
