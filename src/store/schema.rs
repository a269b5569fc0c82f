//! The tables as diesel sees them, the same on both engines.

macro_rules! tables {
    ($($name:ident ($($key:ident),+) { $($column:ident -> $kind:ty,)+ })+) => {
        $(diesel::table! {
            use diesel::sql_types::*;
            use $crate::store::types::{DbInstant, DbJson, DbUuid};
            $name ($($key),+) { $($column -> $kind,)+ }
        })+
        diesel::allow_tables_to_appear_in_same_query!($($name),+);
    };
}

tables! {
    divisions (code, valid_from) {
        code -> Text,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        level -> Text,
        name -> Text,
        parent -> Nullable<Text>,
        successor -> Nullable<Text>,
    }
    teams (id) {
        id -> DbUuid,
        name -> Text,
        region -> Text,
        leader -> Nullable<DbJson>,
        members -> DbJson,
        created_at -> DbInstant,
    }
    users (id) {
        id -> DbUuid,
        username -> Text,
        password_hash -> Text,
        role -> Text,
        region -> Text,
        team_id -> Nullable<DbUuid>,
        display_name -> Nullable<Text>,
        disabled_at -> Nullable<DbInstant>,
        place_no -> Integer,
        created_at -> DbInstant,
    }
    devices (id) {
        id -> DbUuid,
        user_id -> DbUuid,
        name -> Text,
        platform -> Nullable<Text>,
        app_version -> Nullable<Text>,
        created_at -> DbInstant,
        last_seen_at -> DbInstant,
        revoked -> Nullable<Text>,
        revoked_at -> Nullable<DbInstant>,
        acked -> BigInt,
        last_stamp -> Nullable<BigInt>,
        last_push_at -> Nullable<DbInstant>,
        push_window -> Nullable<Binary>,
    }
    sessions (id) {
        id -> DbUuid,
        user_id -> DbUuid,
        device_id -> Nullable<DbUuid>,
        created_at -> DbInstant,
        revoked_at -> Nullable<DbInstant>,
    }
    refresh_tokens (hash) {
        hash -> Binary,
        session_id -> DbUuid,
        created_at -> DbInstant,
        expires_at -> DbInstant,
        used_at -> Nullable<DbInstant>,
    }
    campaigns (id) {
        id -> DbUuid,
        name -> Text,
        from_day -> Date,
        to_day -> Date,
        created_at -> DbInstant,
        created_by -> DbUuid,
        region -> Text,
        min_days_on_site -> Integer,
        every_county -> Bool,
        topics -> Nullable<DbJson>,
        methods -> Nullable<DbJson>,
        sample_plan -> Nullable<DbJson>,
        closed_at -> Nullable<DbInstant>,
        closed_by -> Nullable<DbUuid>,
    }
    campaign_counties (bucket, campaign_id) {
        bucket -> Integer,
        campaign_id -> DbUuid,
        area -> Nullable<Text>,
        led_by -> Text,
    }
    assignments (id) {
        id -> DbUuid,
        campaign_id -> DbUuid,
        team_id -> DbUuid,
        bucket -> Integer,
        kind -> Text,
        from_day -> Date,
        to_day -> Date,
        created_at -> DbInstant,
        created_by -> DbUuid,
        closed_at -> Nullable<DbInstant>,
        closed_by -> Nullable<DbUuid>,
    }
    draws (bucket, id) {
        bucket -> Integer,
        id -> DbUuid,
        campaign_id -> DbUuid,
        level -> Text,
        state -> Text,
        visible_from -> Nullable<DbInstant>,
        first_stage_id -> Nullable<DbUuid>,
        plan -> DbJson,
        plan_digest -> Text,
        frame -> DbJson,
        first_stage -> Nullable<DbJson>,
        sealed_seed -> Binary,
        seed -> Nullable<Text>,
        public_value -> Nullable<Text>,
        committed_at -> DbInstant,
        committed_by -> DbUuid,
        drawn_at -> Nullable<DbInstant>,
        drawn_by -> Nullable<DbUuid>,
    }
    draw_units (bucket, id) {
        bucket -> Integer,
        id -> DbUuid,
        draw_id -> DbUuid,
        unit -> Text,
        stratum -> Text,
        place -> Integer,
        number -> Text,
        probability -> Double,
        overall -> Double,
        sampled -> Bool,
        state -> Text,
        replaces -> Nullable<DbUuid>,
        reason -> Nullable<Text>,
        replaced_at -> Nullable<DbInstant>,
        replaced_by -> Nullable<DbUuid>,
    }
    team_buckets (team_id, bucket) {
        team_id -> DbUuid,
        bucket -> Integer,
        open_assignments -> Integer,
        grant_no -> Integer,
    }
    idempotency_keys (user_id, key) {
        user_id -> DbUuid,
        key -> Text,
        request -> Binary,
        status -> SmallInt,
        location -> Nullable<Text>,
        body -> Text,
        created_at -> DbInstant,
    }
    buckets (bucket) {
        bucket -> Integer,
        seq -> BigInt,
        live -> BigInt,
        sum -> Binary,
        tombstone_floor -> BigInt,
        parked -> BigInt,
        largest -> BigInt,
    }
    records (bucket, collection, id) {
        bucket -> Integer,
        collection -> SmallInt,
        id -> DbUuid,
        rev -> BigInt,
        seq -> BigInt,
        deleted -> Bool,
        digest -> Binary,
        stamp -> BigInt,
        at_ms -> BigInt,
        claimed_ms -> Nullable<BigInt>,
        received_ms -> BigInt,
        device_id -> DbUuid,
        user_id -> DbUuid,
        team_id -> Nullable<DbUuid>,
        registers -> Nullable<Binary>,
        touches -> Nullable<DbJson>,
        fields -> DbJson,
        warnings -> Nullable<DbJson>,
    }
    history (bucket, collection, id, rev) {
        bucket -> Integer,
        collection -> SmallInt,
        id -> DbUuid,
        rev -> BigInt,
        seq -> BigInt,
        deleted -> Bool,
        stamp -> BigInt,
        at_ms -> BigInt,
        claimed_ms -> Nullable<BigInt>,
        received_ms -> BigInt,
        device_id -> DbUuid,
        user_id -> DbUuid,
        team_id -> Nullable<DbUuid>,
        touches -> Nullable<DbJson>,
        discarded -> Bool,
    }
    conflicts (bucket, id) {
        bucket -> Integer,
        id -> DbUuid,
        collection -> SmallInt,
        record_id -> DbUuid,
        field -> Text,
        base -> Nullable<DbJson>,
        current_side -> DbJson,
        other_side -> DbJson,
        state -> Text,
        created_at -> DbInstant,
        settled_by -> Nullable<DbUuid>,
        settled_at -> Nullable<DbInstant>,
    }
    held_ops (bucket, id) {
        bucket -> Integer,
        id -> DbUuid,
        province -> Text,
        status -> Text,
        reason -> Nullable<Text>,
        errors -> Nullable<DbJson>,
        collection -> Nullable<Text>,
        record_id -> Nullable<DbUuid>,
        op -> Text,
        op_seq -> Nullable<BigInt>,
        hidden_rev -> Nullable<BigInt>,
        base -> BigInt,
        stamp -> BigInt,
        at_ms -> BigInt,
        claimed_ms -> Nullable<BigInt>,
        received_ms -> BigInt,
        device_id -> DbUuid,
        user_id -> DbUuid,
        team_id -> Nullable<DbUuid>,
        state -> Text,
        settled_by -> Nullable<DbUuid>,
        settled_at -> Nullable<DbInstant>,
    }
}

diesel::joinable!(devices -> users (user_id));
diesel::joinable!(users -> teams (team_id));
diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(assignments -> teams (team_id));
