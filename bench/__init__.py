"""What the parts cost, measured: each figure beside the least it could be, in the same run."""
