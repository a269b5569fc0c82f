//! The tables of the phone's own database, for the query builder; `store.rs` makes them.

diesel::table! {
    phone (one) {
        one -> Integer,
        username -> Nullable<Text>,
        device -> Nullable<Text>,
        access_token -> Nullable<Text>,
        refresh_token -> Nullable<Text>,
        register_anew -> Bool,
        next_op_seq -> BigInt,
        cursor -> Nullable<Text>,
        revoked -> Bool,
        wiped -> Bool,
    }
}

diesel::table! {
    buckets (bucket) {
        bucket -> Text,
        state -> Text,
        seq -> BigInt,
    }
}

diesel::table! {
    records (bucket, collection, id) {
        bucket -> Text,
        collection -> Text,
        id -> Text,
        rev -> BigInt,
        seq -> BigInt,
        digest -> Binary,
        deleted -> Bool,
        fields -> Text,
    }
}

diesel::table! {
    waiting_deletes (bucket, collection, id) {
        bucket -> Text,
        collection -> Text,
        id -> Text,
        rev -> BigInt,
        seq -> BigInt,
        digest -> Binary,
    }
}

diesel::table! {
    outbox (op_seq) {
        op_seq -> BigInt,
        kind -> Text,
        bucket -> Text,
        collection -> Text,
        id -> Text,
        base -> Nullable<BigInt>,
        at -> Text,
        fields -> Nullable<Text>,
    }
}

diesel::table! {
    notices (number) {
        number -> Integer,
        device -> Text,
        op_seq -> BigInt,
        bucket -> Text,
        collection -> Text,
        id -> Text,
        status -> Text,
        detail -> Text,
    }
}
diesel::allow_tables_to_appear_in_same_query!(records, waiting_deletes, outbox);
