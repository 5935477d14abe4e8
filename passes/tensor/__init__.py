"""From scheduled nests to kernels of tiles: the pass, and the search for its schedules."""
