#!/bin/sh
# hpcc.sh FILE PEAK: what hpcc's last run came to, in lines; 1 where it, or Linpack's residual, did not pass.
export LC_ALL=C
awk -v peak="$2" '
	/DARPA\/DOE HPC Challenge Benchmark/ { split("", value); passed = failed = "" }
	/PASSED$/ { passed = passed $0 }
	/FAILED$/ { failed = failed $0 }
	/\|\|Ax-b\|\|/ && /(PASSED|FAILED)$/ { residual = $(NF - 2) }
	/^[A-Za-z_]+=/ { value[substr($0, 1, index($0, "=") - 1)] = substr($0, index($0, "=") + 1) }
	function show(text, name, factor) { if (name in value) printf text, value[name] * factor }
	END {
		gflops = value["HPL_Tflops"] * 1000
		printf "Linpack: %.4g GFLOPS in %.4g s (N %d, NB %d, %d × %d processes)\n", gflops,
			value["HPL_time"], value["HPL_N"], value["HPL_NB"], value["HPL_nprow"], value["HPL_npcol"]
		if (peak > 0)
			printf "that is %.1f %% of the %.4g GFLOPS that the processors have on paper\n", 100 * gflops / peak,
				peak
		product = value["StarDGEMM_Gflops"] * value["CommWorldProcs"]
		if (product > 0)
			printf "and %.1f %% of the %.4g GFLOPS that they do when none waits for another (DGEMM)\n",
				100 * gflops / product, product
		show("memory: %.4g GB/s a core, all at once (STREAM triad)\n", "StarSTREAM_Triad", 1)
		show("network: latency %.4g microseconds", "MaxPingPongLatency_usec", 1)
		show(", bandwidth %.4g MB/s, of the worst pair of processes\n", "MinPingPongBandwidth_GBytes", 1000)
		printf "residual: %s, %s\n", residual, passed != "" && failed == "" ? "passed" : "FAILED"
		exit !(value["Success"] == 1 && passed != "" && failed == "")
	}' "$1"
