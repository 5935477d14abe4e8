"""What `raise-affine-to-nest` is made of: reading loops, flow of values, reductions, nests."""
