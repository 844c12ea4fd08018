"""Images from disk as uint8 arrays: readers, class table, geometry, normalization, sampling."""
