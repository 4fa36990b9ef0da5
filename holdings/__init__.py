"""What an archive holds and who may see it. Imports none of the other rooms."""
