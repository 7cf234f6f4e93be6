"""From findings to pages: blocks, wording, figures, sections, two renderers. Computes nothing."""
