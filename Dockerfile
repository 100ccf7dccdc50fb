# Cooper's own image, built by cooper: `make image`. The context is what scripts/image.sh lays out: the portable cooper, the
# certificate authorities, busybox, and the directories that everybody may write to, with their modes.
#
#   cooper   the program, certificate authorities, and nothing else
#   debug    the same with a shell, for CI systems that run a job's script in the image: GitLab, CircleCI, CodeBuild, Jenkins
#   kaniko, kaniko-debug      the same two where Kaniko's images have everything: only the image's name changes in a job
#   kaniko-warmer             the first of them, starting Kaniko's warmer
#
# Runs as root and as any other user. Home, and so the store, is /home/cooper, which everybody may write to; a CI system
# that sets HOME, or COOPER_STORE, puts it elsewhere.
FROM scratch AS common
COPY --chmod=0644 ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --chmod=0644 <<PASSWD /etc/passwd
root:x:0:0:root:/root:/bin/sh
cooper:x:1000:1000:cooper:/home/cooper:/bin/sh
nobody:x:65534:65534:nobody:/home/cooper:/bin/sh
PASSWD
COPY --chmod=0644 <<GROUP /etc/group
root:x:0:
cooper:x:1000:
nogroup:x:65534:
GROUP
COPY writable /
ENV PATH=/usr/local/bin:/bin:/busybox HOME=/home/cooper
LABEL org.opencontainers.image.title=cooper \
      org.opencontainers.image.description="Builds container images in CI: no daemon, no privileged runner" \
      org.opencontainers.image.licenses=Apache-2.0

FROM common AS cooper
COPY --chmod=0755 cooper /usr/local/bin/cooper
ENTRYPOINT ["/usr/local/bin/cooper"]

FROM cooper AS debug
COPY busybox /busybox
COPY sh /bin/sh
# A CI system gives its own command, mostly through a shell: no entry point in its way.
ENTRYPOINT []
CMD ["/bin/sh"]

# The program asks by what name it was called: /kaniko/warmer and /usr/local/bin/cooper are links to /kaniko/executor, so that /kaniko
# can be copied into another image. Everybody may write to it: logins go to .docker, authorities to ssl/certs, and the store is there.
FROM common AS kaniko
COPY kaniko /
COPY --chmod=0755 cooper /kaniko/executor
COPY --chmod=0644 ca-certificates.crt /kaniko/ssl/certs/ca-certificates.crt
ENV PATH=/usr/local/bin:/kaniko:/bin:/busybox KANIKO_DIR=/kaniko DOCKER_CONFIG=/kaniko/.docker SSL_CERT_DIR=/kaniko/ssl/certs
WORKDIR /workspace
ENTRYPOINT ["/kaniko/executor"]

FROM kaniko AS kaniko-warmer
ENTRYPOINT ["/kaniko/warmer"]

FROM kaniko AS kaniko-debug
COPY busybox /busybox
COPY sh /bin/sh

# What is built when no target is named.
FROM cooper AS default
