"""Passes to, on and from `affine_nest`, in files named after them, and what they share."""
