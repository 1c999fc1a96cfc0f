"""What a description of a job says: figures with their units, GPUs, commands, paths. Four languages, by rule."""
