"""The way out: who asks, what is meant, two legs, fusion, answer."""
