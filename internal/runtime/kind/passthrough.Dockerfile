# A node with NVIDIA's container toolkit in it, so that nodes with GPUs need no
# network. What the toolkit configures is a file of its own beside kind's, whose
# lines kind's entrypoint rewrites at the start.
ARG BASE
FROM ${BASE}
ARG TOOLKIT=1.19.1-1
RUN set -eu; \
    export DEBIAN_FRONTEND=noninteractive; \
    apt-get update; \
    apt-get install -y --no-install-recommends ca-certificates curl; \
    curl -fsSL -o /usr/share/keyrings/nvidia-container-toolkit.asc https://nvidia.github.io/libnvidia-container/gpgkey; \
    echo "deb [signed-by=/usr/share/keyrings/nvidia-container-toolkit.asc] https://nvidia.github.io/libnvidia-container/stable/deb/$(dpkg --print-architecture) /" \
      > /etc/apt/sources.list.d/nvidia-container-toolkit.list; \
    apt-get update; \
    apt-get install -y --no-install-recommends \
      nvidia-container-toolkit=${TOOLKIT} nvidia-container-toolkit-base=${TOOLKIT} \
      libnvidia-container-tools=${TOOLKIT} libnvidia-container1=${TOOLKIT}; \
    rm -rf /var/lib/apt/lists/*
# runc stays the default: Pods that ask for no GPU have nothing to do with it.
RUN nvidia-ctk runtime configure --runtime=containerd --config-source=file --cdi.enabled
