{{/* What KubeRay's values say to the operator, as options of raykeeper.ini: the same that `raykeeper migrate --from kuberay-values` makes of them (docs/migrate.md;
tests/helm compares the two). What has no meaning here is told. Result, as JSON: sections, disable (names of plugins), env (what is left of it), told (texts). */}}

{{/* JSON in which no character begins a comment of an INI file, or may not be in one. */}}
{{- define "raykeeper.json" -}}
{{- toJson . | replace ";" "\\u003b" | replace "#" "\\u0023" | replace "  " " \\u0020" | replace "\u007f" "\\u007f" -}}
{{- end }}

{{/* May this be a value of one line? `yes`, or nothing. */}}
{{- define "raykeeper.plain" -}}
{{- if and . (eq . (trim .)) (le (len .) 8000) (not (regexMatch "[\\x00-\\x1f\\x7f]|  |[ ;#][;#]|^[;#]" .)) }}yes{{ end -}}
{{- end }}

{{/* Labels and annotations of pods that are the operator's (RAY_OWN_KEYS of include/raykeeper/ray.h). */}}
{{- define "raykeeper.ownKeys" -}}
["ray.io/is-ray-node","ray.io/cluster","ray.io/node-type","ray.io/group","ray.io/identifier","ray.io/worker-group-replica-index","ray.io/worker-group-replica-name","ray.io/replica-host-index","ray.io/originated-from-crd","ray.io/originated-from-cr-name","ray.io/serve","app.kubernetes.io/name","app.kubernetes.io/created-by","ray.io/ft-enabled","ray.io/overwrite-container-cmd","ray.io/upgrade-strategy-recreate-hash","ray.io/kuberay-version","raykeeper.io/template-hash","ray.io/external-storage-namespace"]
{{- end }}

{{/* An entry of an environment as a line: NAME=value where that can be said, else JSON. */}}
{{- define "raykeeper.envLine" -}}
{{- $value := default "" .value -}}
{{- if and (hasKey . "value") (eq (len .) 2) (kindIs "string" $value) (regexMatch "^[A-Za-z_][-A-Za-z0-9_.]*$" .name) (or (not $value) (include "raykeeper.plain" $value)) -}}
{{- printf "%s=%s" .name $value -}}
{{- else -}}
{{- include "raykeeper.json" . -}}
{{- end -}}
{{- end }}

{{- define "raykeeper.kuberay" -}}
{{- $v := .Values -}}
{{- $s := dict "sections" dict "disable" list "env" list "told" list -}}
{{- $ini := $s.sections -}}
{{- range list "operator" "leader-election" "api" "plugins" "plugin:gcsft" "plugin:head" "plugin:ingress" "plugin:raystart" "plugin:service" "plugin:tls" "plugin:worker" "plugin:site" -}}
{{- $_ := set $ini . dict -}}
{{- end -}}

{{- /* Flags */ -}}
{{- with $v.logging.stdoutEncoder -}}{{- $_ := set (index $ini "operator") "log-format" (ternary "json" "text" (eq . "json")) -}}{{- end -}}
{{- if or $v.logging.baseDir $v.logging.fileName $v.logging.sizeLimit -}}
{{- $_ := set $s "told" (append $s.told "logging.baseDir, fileName, sizeLimit: raykeeper logs to standard error alone: no file is written, what collects logs reads them there") -}}
{{- end -}}
{{- if or (and $v.batchScheduler (eq (toString $v.batchScheduler.enabled) "true")) (and $v.batchScheduler $v.batchScheduler.name) -}}
{{- fail "batchScheduler: no batch scheduler is supported by this version: pods are scheduled one by one. Take batchScheduler out of the values, or stay with an operator that has it" -}}
{{- end -}}
{{- with include "raykeeper.watch" . -}}{{- $_ := set (index $ini "operator") "watch" (include "raykeeper.words" (splitList "," .)) -}}{{- end -}}
{{- if eq (toString $v.leaderElectionEnabled) "false" -}}{{- $_ := set (index $ini "leader-election") "enabled" false -}}{{- end -}}
{{- range $key := list "qps" "burst" -}}
{{- with index $v.kubeClient $key -}}{{- if gt (float64 .) 0.0 -}}{{- $_ := set (index $ini "api") $key (ceil .) -}}{{- end -}}{{- end -}}
{{- end -}}
{{- if ne (toString $v.reconcileConcurrency) "1" -}}
{{- $_ := set $s "told" (append $s.told "reconcileConcurrency: has no place and needs none: one thread serves all clusters, many requests are under way at once") -}}
{{- end -}}
{{- if $v.useKubernetesProxy -}}{{- $_ := set $s "told" (append $s.told "useKubernetesProxy: for RayJob and RayService alone, which this version does not serve") -}}{{- end -}}
{{- if eq (toString $v.metrics.enabled) "false" -}}
{{- $_ := set $s "told" (append $s.told "metrics.enabled: KubeRay then serves the page without its own families, raykeeper always serves all of them; `config.metrics.address: \"\"` closes the page") -}}
{{- end -}}

{{- /* Feature gates */ -}}
{{- $gates := dict "RayClusterNetworkPolicy" "netpolicy" "RayClusterHistoryServer" "history" "RayClusterMTLS" "tls" -}}
{{- $always := dict "RayClusterStatusConditions" "conditions are always written" "RayMultiHostIndexing" "replicas of several hosts always have their labels" -}}
{{- $others := list "RayJobDeletionPolicy" "RayCronJob" "SidecarSubmitterRestart" "RayServiceIncrementalUpgrade" -}}
{{- range $v.featureGates -}}
{{- $off := not .enabled -}}
{{- if hasKey $gates .name -}}{{- if $off -}}{{- $_ := set $s "disable" (append $s.disable (index $gates .name)) -}}{{- end -}}
{{- else if hasKey $always .name -}}{{- if $off -}}{{- $_ := set $s "told" (append $s.told (printf "featureGates.%s: %s" .name (index $always .name))) -}}{{- end -}}
{{- else if eq .name "KubernetesWAS" -}}{{- if .enabled -}}{{- fail "featureGates.KubernetesWAS: no scheduler of gangs is supported by this version; take the gate out of the values" -}}{{- end -}}
{{- else if has .name $others -}}{{- if .enabled -}}{{- $_ := set $s "told" (append $s.told (printf "featureGates.%s: for RayJob and RayService alone, which this version does not serve" .name)) -}}{{- end -}}
{{- else if ne .name "GCSFaultToleranceEmbeddedStorage" -}}{{- $_ := set $s "told" (append $s.told (printf "featureGates.%s: is no gate that is known here; left out" .name)) -}}
{{- end -}}
{{- end -}}

{{- /* Variables of the environment: plugins that "false" switches off; options that "true", or "false", sets; and a few of their own kind. */ -}}
{{- $switches := dict "ENABLE_INIT_CONTAINER_INJECTION" "gcswait" "ENABLE_PROBES_INJECTION" "probes" -}}
{{- $options := dict
  "ENABLE_GCS_FT_REDIS_CLEANUP" (list "false" "plugin:gcsft" "cleanup" "false")
  "ENABLE_RAY_HEAD_CLUSTER_IP_SERVICE" (list "true" "plugin:service" "cluster-ip" "true")
  "ENABLE_DETERMINISTIC_HEAD_POD_NAME" (list "true" "plugin:head" "name" "fixed")
  "ENABLE_LOGIN_SHELL" (list "true" "plugin:raystart" "login-shell" "true")
  "USE_INGRESS_ON_OPENSHIFT" (list "true" "plugin:ingress" "ingress-on-openshift" "true")
  "ENABLE_RANDOM_POD_DELETE" (list "true" "plugin:worker" "delete-surplus" "true") -}}
{{- $theirs := list "ENABLE_ZERO_DOWNTIME" "DELETE_RAYJOB_CR_AFTER_JOB_FINISHES" "RAYJOB_DEPLOYMENT_STATUS_TRANSITION_GRACE_PERIOD_SECONDS" "RAYJOB_STATUS_CHECK_TIMEOUT_SECONDS" -}}
{{- $own := list "CLUSTER_DOMAIN" "RAYCLUSTER_DEFAULT_REQUEUE_SECONDS_ENV" "ENABLE_WEBHOOKS" -}}
{{- range $v.env -}}
{{- if not (or (hasKey $switches .name) (hasKey $options .name) (has .name $theirs) (has .name $own)) -}}
{{- $_ := set $s "env" (append $s.env .) -}}
{{- else if not (kindIs "string" .value) -}}
{{- fail (printf "env.%s: has no value that is a text: what it is cannot be known here. Write its option into `config` (docs/migrate.md tells which), or see what `raykeeper migrate --from kuberay-values` says" .name) -}}
{{- else -}}
{{- $is := lower .value -}}
{{- if and (hasKey $switches .name) (eq $is "false") -}}{{- $_ := set $s "disable" (append $s.disable (index $switches .name)) -}}{{- end -}}
{{- with index $options .name -}}{{- if eq $is (index . 0) -}}{{- $_ := set (index $ini (index . 1)) (index . 2) (index . 3) -}}{{- end -}}{{- end -}}
{{- if has .name $theirs -}}{{- $_ := set $s "told" (append $s.told (printf "env.%s: for RayJob and RayService alone, which this version does not serve" .name)) -}}{{- end -}}
{{- if and (eq .name "ENABLE_WEBHOOKS") (eq $is "true") -}}
{{- $_ := set $s "told" (append $s.told "env.ENABLE_WEBHOOKS: there is no admission webhook; validatingAdmissionPolicy.enabled refuses what it refused") -}}
{{- end -}}
{{- if and (eq .name "CLUSTER_DOMAIN") .value -}}
{{- if and (regexMatch "^[a-z0-9][-a-z0-9.]*$" .value) (not (contains ".." .value)) -}}
{{- $_ := set (index $ini "plugin:raystart") "cluster-domain" .value -}}{{- $_ := set (index $ini "plugin:tls") "cluster-domain" .value -}}
{{- else -}}{{- $_ := set $s "told" (append $s.told "env.CLUSTER_DOMAIN: is no DNS name; left out") -}}{{- end -}}
{{- end -}}
{{- if eq .name "RAYCLUSTER_DEFAULT_REQUEUE_SECONDS_ENV" -}}
{{- if regexMatch "^0*[1-9][0-9]{0,5}$" .value -}}
{{- $seconds := int (regexReplaceAll "^0+" .value "") -}}
{{- if or (lt $seconds 60) (gt $seconds 86400) -}}{{- $_ := set $s "told" (append $s.told "env.RAYCLUSTER_DEFAULT_REQUEUE_SECONDS_ENV: becomes a sweep of 1m at least and 24h at most") -}}{{- end -}}
{{- $_ := set (index $ini "operator") "sweep" (printf "%ds" (min 86400 (max 60 $seconds))) -}}
{{- else -}}{{- $_ := set $s "told" (append $s.told "env.RAYCLUSTER_DEFAULT_REQUEUE_SECONDS_ENV: is no number of seconds; left out") -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* What is put into each pod */ -}}
{{- $c := $v.configuration -}}{{- $site := index $ini "plugin:site" -}}
{{- if $c.enabled -}}
{{- with $c.defaultContainerEnvs -}}{{- $all := list -}}{{- range . -}}{{- $all = append $all (include "raykeeper.envLine" .) -}}{{- end -}}{{- $_ := set $site "env" $all -}}{{- end -}}
{{- range $option := list "Labels" "Annotations" -}}
{{- $all := list -}}{{- $setting := printf "defaultPod%s" $option -}}
{{- range $k, $t := index $c $setting -}}
{{- $wrong := "" -}}
{{- if not (kindIs "string" $t) -}}{{- $wrong = "is no text" -}}
{{- else if has $k (include "raykeeper.ownKeys" $ | fromJsonArray) -}}{{- $wrong = "is the operator's own" -}}
{{- else if not (regexMatch "^([a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$" $k) -}}{{- $wrong = "has no key that Kubernetes would take" -}}
{{- else if and (eq $option "Labels") (not (regexMatch "^([A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?)?$" $t)) -}}{{- $wrong = "is no label" -}}
{{- else if and $t (not (include "raykeeper.plain" $t)) -}}{{- $wrong = "has a value that an INI file cannot hold" -}}
{{- end -}}
{{- if $wrong -}}{{- $_ := set $s "told" (append $s.told (printf "configuration.%s.%s: %s; left out" $setting $k $wrong)) -}}
{{- else -}}{{- $all = append $all (printf "%s=%s" $k $t) -}}{{- end -}}
{{- end -}}
{{- with $all -}}{{- $_ := set $site (lower $option) (eq $option "Labels" | ternary (include "raykeeper.words" .) (join "\n" .)) -}}{{- end -}}
{{- end -}}
{{- range $option, $list := dict "head-sidecars" $c.headSidecarContainers "worker-sidecars" $c.workerSidecarContainers -}}
{{- with $list -}}{{- $all := list -}}{{- range . -}}{{- $all = append $all (include "raykeeper.json" .) -}}{{- end -}}{{- $_ := set $site $option (printf "[%s]" (join ",\n" $all)) -}}{{- end -}}
{{- end -}}
{{- else if or $c.defaultContainerEnvs $c.defaultPodLabels $c.defaultPodAnnotations $c.headSidecarContainers $c.workerSidecarContainers -}}
{{- $_ := set $s "told" (append $s.told "configuration: is not enabled, so that nothing of it is in force") -}}
{{- end -}}

{{- /* Of the Deployment */ -}}
{{- if include "raykeeper.imageIsTheirs" . -}}
{{- $_ := set $s "told" (append $s.told (printf "image.repository, image.tag: name KubeRay's operator, and are left out; the image is %s" (include "raykeeper.image" .))) -}}
{{- end -}}
{{- if eq (toString $v.operatorCommand) "/manager" -}}{{- $_ := set $s "told" (append $s.told "operatorCommand: names KubeRay's program, and is left out") -}}{{- end -}}
{{- toJson $s -}}
{{- end }}

{{/* Namespaces to serve, comma separated; empty: all. */}}
{{- define "raykeeper.watch" -}}
{{- $list := .Values.watchNamespace -}}
{{- if kindIs "string" $list -}}{{- $list = without (regexSplit "\\s*,\\s*" (trim $list) -1) "" -}}{{- end -}}
{{- if and .Values.singleNamespaceInstall (not $list) -}}{{- $list = list .Release.Namespace -}}{{- end -}}
{{- range $list -}}
{{- if not (regexMatch "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$" (toString .)) -}}{{- fail (printf "watchNamespace: %q cannot be the name of a namespace" (toString .)) -}}{{- end -}}
{{- end -}}
{{- join "," (uniq $list) -}}
{{- end }}
