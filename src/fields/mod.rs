//! The fields of the seven collections: one table, from which validation, the dictionary and the
//! schemas of the OpenAPI document all come.
