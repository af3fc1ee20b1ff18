"""Where the cells of a grid are computed: this machine, Ray, SLURM."""
