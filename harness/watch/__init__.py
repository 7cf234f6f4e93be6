"""The live page: both targets on shared axes while a block is measured, read from the evidence that the run writes anyway.

Nothing here is on the load's path: a process of its own at a low priority reads the samples' spool and the journal when
the page asks, and a page that nobody has open costs nothing. Verdicts are shown at sealed looks only, and no difference ever.
"""
