"""A real Prometheus server that scrapes real exporters: the node's own, and one with a cluster's metric names."""

import re
import shutil
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from harness.domain.reading import Absent, Series, Window
from harness.platforms import registry
from harness.platforms.shared.prometheus import Prometheus
from harness.platforms.shared.prometheus_sets import Query, queries_of, set_name
from harness.words import said
from tests.peers.start import free_port
from tests.suite import processes

SERVER, EXPORTER = shutil.which("prometheus"), shutil.which("prometheus-node-exporter")
needs_server = pytest.mark.skipif(not (SERVER and EXPORTER), reason="prometheus and prometheus-node-exporter: apt-get")
CLUSTER = """\
# TYPE kube_pod_container_resource_requests gauge
kube_pod_container_resource_requests{namespace="chat",pod="a",resource="cpu"} 0.5
kube_pod_container_resource_requests{namespace="chat",pod="b",resource="cpu"} 0.5
kube_pod_container_resource_requests{namespace="chat",pod="gone",resource="cpu"} 4
kube_pod_container_resource_requests{namespace="chat",pod="a",resource="memory"} 1073741824
kube_pod_status_phase{namespace="chat",pod="a",phase="Running"} 1
kube_pod_status_phase{namespace="chat",pod="b",phase="Running"} 1
kube_pod_status_phase{namespace="chat",pod="gone",phase="Running"} 0
kube_deployment_status_replicas_available{namespace="chat"} 2
kube_pod_created{namespace="chat",pod="a"} 1000
kube_pod_status_ready_time{namespace="chat",pod="a"} 1007
kube_node_info{node="n1"} 1
container_cpu_allocation{namespace="chat",pod="a",node="n1"} 0.5
container_memory_allocation_bytes{namespace="chat",pod="a",node="n1"} 2147483648
node_cpu_hourly_cost{node="n1"} 0.04
node_ram_hourly_cost{node="n1"} 0.005
node_total_hourly_cost{node="n1"} 0.192
"""


class Cluster(BaseHTTPRequestHandler):
    """Answers as kube-state-metrics and OpenCost would."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(CLUSTER.encode())

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prometheus")
    node, own = free_port(), free_port()
    cluster = ThreadingHTTPServer(("127.0.0.1", 0), Cluster)
    threading.Thread(target=cluster.serve_forever, args=(0.02,), daemon=True).start()
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s}\nscrape_configs:\n"
        f"  - {{job_name: node, static_configs: [{{targets: ['127.0.0.1:{node}']}}]}}\n"
        f"  - {{job_name: cluster, honor_labels: true, static_configs: [{{targets: ['127.0.0.1:{cluster.server_port}']}}]}}\n"
    )
    listen = f"--web.listen-address=127.0.0.1:{own}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    servers = [
        processes.start([EXPORTER, f"--web.listen-address=127.0.0.1:{node}"], **quiet),
        processes.start(
            [SERVER, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data", listen], **quiet
        ),
    ]
    url = f"http://127.0.0.1:{own}"
    began = time.time()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            up = httpx.get(f"{url}/api/v1/query", params={"query": "sum(up) == 2"}, trust_env=False).json()
            if up["data"]["result"] and time.time() - began > 8:
                break
        except (httpx.HTTPError, ValueError, KeyError):
            pass
        time.sleep(0.3)
    yield url
    for process in servers:
        processes.end(process)
    cluster.shutdown()
    cluster.server_close()


def read(url, queries, **window):
    now = time.time()
    found = Prometheus(url, queries, step_s=1).read(Window(window.get("start", now - 6), window.get("end", now + 1)))
    return {r.metric: r for r in found}


def last(reading):
    assert isinstance(reading, Series), reading
    return reading.points[-1][1]


@needs_server
def test_a_real_exporters_figures_come_back_with_their_instants(server):
    [found] = read(server, {"load": Query("node_load1", "processes")}).values()

    assert isinstance(found, Series)
    assert found.metric.startswith("load{")
    assert len(found.points) >= 2
    assert all(abs(at - time.time()) < 60 for at, _ in found.points)


@needs_server
def test_the_kubernetes_set_counts_pods_that_run(server):
    found = read(server, queries_of({"sets": ("kubernetes",), "namespace": "chat"}))

    assert last(found["kubernetes.requested_cores"]) == 1.0
    assert last(found["kubernetes.pods_running"]) == 2.0
    assert last(found["kubernetes.start_lag_s"]) == 7.0
    assert last(found["kubernetes.nodes"]) == 1.0
    assert isinstance(found["kubernetes.restarts"], Absent)
    assert "no such metric" in said(found["kubernetes.restarts"].reason)


@needs_server
def test_the_opencost_set_shows_what_nobody_uses(server):
    """0.5 cores x 0.04 + 2 GiB x 0.005 = 0.03 of a node of 0.192; the rest is idle."""
    found = read(server, queries_of({"sets": ("opencost",), "namespace": "chat"}))

    assert last(found["opencost.workload_usd_per_hour"]) == pytest.approx(0.03)
    assert last(found["opencost.idle_usd_per_hour"]) == pytest.approx(0.162)


@needs_server
@pytest.mark.parametrize("name", [set_name(s.signals) for s in registry.subjects("prometheus")])
def test_every_query_of_the_sets_is_promql_that_the_server_takes(server, name):
    found = read(server, queries_of({"sets": (name,), "namespace": "chat", "service": "chat"}))

    assert not [r for r in found.values() if isinstance(r, Absent) and r.failed]
    assert not any("$" in r.query for r in found.values())


@needs_server
def test_a_broken_query_is_absent_with_the_servers_words(server):
    [found] = read(server, {"x": Query("sum(", "count")}).values()

    assert found.failed
    assert re.search("parse error", said(found.reason))


@needs_server
def test_a_window_before_there_was_a_server_is_empty_not_zero(server):
    [found] = read(server, {"up": Query("up", "count")}, start=1_700_000_000, end=1_700_000_060).values()

    assert isinstance(found, Absent)
    assert not found.failed


def test_a_server_that_is_not_there_is_absent():
    source = Prometheus(f"http://127.0.0.1:{free_port()}", {"up": Query("up", "count")}, sleep=lambda _: None)
    [found] = source.read(Window(0, 60))

    assert found.failed
    assert "ConnectError" in said(found.reason)


@pytest.mark.parametrize("page", ['["a list"]', '"a string"', "<html>", "{}"])
def test_a_proxys_page_is_absent_and_no_crash(page):
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=page))
    source = Prometheus("http://127.0.0.1:9", {"up": Query("up", "count")}, transport=transport)
    [found] = source.read(Window(0, 60))

    assert found.failed
    assert said(found.reason)
