"""The others, each doing the same job as well as it honestly can; one file each."""
