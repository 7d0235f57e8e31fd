//! What several fuzz targets share.
