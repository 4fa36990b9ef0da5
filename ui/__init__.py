"""The explorer: a Streamlit client of the HTTP interface, nothing else."""
