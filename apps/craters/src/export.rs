//! Files that other programs open: GeoPackage, Shapefile, GeoJSON, KML, CSV, a probability COG,
//! and a report with pictures.
