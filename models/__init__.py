"""What is learned: words, meaning, sight. Imports none of the other rooms."""
