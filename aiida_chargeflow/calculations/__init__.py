"""CalcJobs and calcfunctions, one a file."""
