"""Sample holdings written for this project, the script that draws them, and judged questions."""
