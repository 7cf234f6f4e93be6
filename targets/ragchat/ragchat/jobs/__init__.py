"""Jobs: work that is submitted, done later by a worker, and asked for or called back (contract ``rag-jobs/1``)."""
