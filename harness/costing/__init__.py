"""What it costs: price books as dated data, bills of three layers, projections."""
