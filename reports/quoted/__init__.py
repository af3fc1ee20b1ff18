"""Tables of other people: read, shown beside ours, never ranked with ours."""
