"""What `graph-quantize` is made of: observe ranges, choose scales, rewrite, compare."""
