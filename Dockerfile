# One image with the four services and vinculoctl. Built and run as a user without rights.
FROM debian:12-slim AS build
WORKDIR /src
COPY . .
RUN ci/setup && ci/build release vinculo-messaging vinculo-profiling vinculo-lifecycle vinculo-support vinculoctl

FROM debian:12-slim
RUN apt-get update -qq \
 && apt-get install -y -qq --no-install-recommends libgrpc++1.51 libprotobuf32 libsqlite3-0 libprometheus-cpp-core1.0 \
      libcurl4 libpq5 libcpp-httplib0.11 libphonenumber8 libicu72 libssl3 libcsv3 libspdlog1.10 libmimalloc2.0 ca-certificates tzdata \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin vinculo
COPY --from=build /src/build/release/bin/vinculo-* /src/build/release/bin/vinculoctl /usr/local/bin/
USER 10001:10001
