"""What comes out of an edition: each module renders one kind of output, from `Edition` and `Pictures` alone."""
