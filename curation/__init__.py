"""Curation 编研: themes in a set of records, series that learn, anniversaries. Pure: nothing here reads or writes."""
