# The server as an image: `docker build -t ruhu .` (BuildKit), some minutes the first time.
# TLS to PostgreSQL: `docker build --build-arg FEATURES=postgres-tls -t ruhu .`

ARG RUST_VERSION=1.95
ARG DEBIAN_RELEASE=trixie

FROM rust:${RUST_VERSION}-slim-${DEBIAN_RELEASE} AS build
ARG FEATURES=""
# OpenSSL, where it is asked for, is Debian's: it gets its security fixes with a rebuild, and takes no minutes to compile.
ENV OPENSSL_NO_VENDOR=1
# hadolint ignore=DL3008
RUN case ",$FEATURES," in *,postgres-tls,*) tls="libssl-dev pkg-config" ;; *) tls="" ;; esac \
    && apt-get update \
    && apt-get install --yes --no-install-recommends make $tls \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
# The caches outlive the layer: after a change of the sources, only what changed is compiled again.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --release --locked --package ruhu --bin ruhu --features "$FEATURES" \
    && install -D --mode=755 target/release/ruhu /out/ruhu

FROM debian:${DEBIAN_RELEASE}-slim
ARG FEATURES=""
ARG VERSION=""
ARG REVISION=""
# ca-certificates brings libssl along; a build without TLS needs neither.
# hadolint ignore=DL3008
RUN case ",$FEATURES," in *,postgres-tls,*) \
        apt-get update \
        && apt-get install --yes --no-install-recommends ca-certificates \
        && rm -rf /var/lib/apt/lists/* ;; \
    esac \
    && groupadd --gid 10001 ruhu \
    && useradd --uid 10001 --gid ruhu --no-create-home --home-dir /var/lib/ruhu --shell /usr/sbin/nologin ruhu \
    && install --directory --owner=ruhu --group=ruhu --mode=700 /var/lib/ruhu
COPY --from=build /out/ruhu /usr/local/bin/ruhu
LABEL org.opencontainers.image.title="ruhu" \
      org.opencontainers.image.description="The server of a field campaign: phones record offline, sync when they can, nothing is lost" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV RUHU_LISTEN=0.0.0.0:8080 \
    RUHU_DATABASE_URL=sqlite:/var/lib/ruhu/ruhu.db \
    RUHU_DATA_DIR=/var/lib/ruhu
USER 10001:10001
WORKDIR /var/lib/ruhu
# The SQLite database, the signing key and the photos.
VOLUME /var/lib/ruhu
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["ruhu", "healthcheck"]
ENTRYPOINT ["ruhu"]
CMD ["serve"]
