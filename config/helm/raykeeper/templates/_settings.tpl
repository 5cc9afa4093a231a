{{/* All that the operator is told, as JSON: sections (of raykeeper.ini), disabled (plugins), env, told. Order of who wins: KubeRay's values, `plugins` and `site`, `config`. */}}
{{- define "raykeeper.settings" -}}
{{- $all := include "raykeeper.kuberay" . | fromJson -}}
{{- $ini := $all.sections -}}
{{- range .Values.plugins.extra -}}
{{- $file := hasKey . "image" | ternary (printf "lib/%s" (base (first .files))) (trimPrefix "/" (first .files)) -}}
{{- $own := dict "file" (printf "/opt/plugins/%s/%s" .name $file) -}}
{{- with .after -}}{{- $_ := set $own "after" . -}}{{- end -}}
{{- $_ := set $ini (printf "plugin:%s" .name) (merge $own (default dict .options)) -}}
{{- end -}}
{{- if hasKey $ini "plugin:site" -}}{{- $_ := set $ini "plugin:site" (mergeOverwrite (index $ini "plugin:site") .Values.site) -}}{{- end -}}

{{- $disabled := concat (default list .Values.plugins.disable) (default list $all.disable) -}}
{{- range $section, $options := .Values.config -}}
{{- if and $options (not (kindIs "map" $options)) -}}{{- fail (printf "config: [%s] is no map of options" $section) -}}{{- end -}}
{{- if and (eq $section "plugins") (hasKey (default dict $options) "disable") -}}
{{- $more := default list $options.disable -}}
{{- if not (kindIs "slice" $more) -}}{{- $more = regexSplit "[,\\s]+" (toString $more) -1 -}}{{- end -}}
{{- $disabled = concat $disabled $more -}}
{{- $options = omit $options "disable" -}}
{{- end -}}
{{- if eq $section "health" -}}{{- if hasKey $options "address" -}}{{- fail "config.health.address: the pods' probes need the default, 0.0.0.0:8082" -}}{{- end -}}{{- end -}}
{{- if eq $section "metrics" -}}{{- if get (default dict $options) "address" -}}{{- fail "config.metrics.address: the Service leads to the default, 0.0.0.0:8080; it may only be empty, which closes the page" -}}{{- end -}}{{- end -}}
{{- if and (eq $section "operator") (hasKey (default dict $options) "watch") -}}{{- fail "config.operator.watch: write it as watchNamespace, by which the roles are made" -}}{{- end -}}
{{- if $options -}}{{- $_ := set $ini $section (mergeOverwrite (default dict (get $ini $section)) $options) -}}{{- end -}}
{{- end -}}
{{- range $name, $text := .Values.dropIns -}}
{{- if not (regexMatch "^[A-Za-z0-9][-A-Za-z0-9_.]*\\.ini$" $name) -}}{{- fail (printf "dropIns: %q: a name ends in .ini and has letters, digits, '-', '_' and '.'" $name) -}}{{- end -}}
{{- $as := include "raykeeper.dropIn" (list $name $text) -}}
{{- if regexMatch "(?m)^\\s*(disable|watch)\\s*=" $as -}}{{- fail (printf "dropIns.%s: `disable` and `watch` are written as plugins.disable and watchNamespace, by which the roles are made" $name) -}}{{- end -}}
{{- end -}}
{{- $disabled = without (uniq $disabled) "" -}}
{{- if $disabled -}}{{- $_ := set $ini "plugins" (set (default dict (get $ini "plugins")) "disable" (include "raykeeper.words" $disabled)) -}}{{- end -}}
{{- $_ := set $all "disabled" $disabled -}}
{{- if and (gt (int (include "raykeeper.replicas" .)) 1) (eq (toString (get (default dict (get $ini "leader-election")) "enabled")) "false") -}}
{{- fail "replicas: only one pod may run where leaderElectionEnabled is false" -}}
{{- end -}}

{{- /* What nobody knows is named and not refused: values files outlive the charts that they were written for. */ -}}
{{- $known := .Files.Get "files/known.json" | fromJson -}}
{{- range $key, $value := .Values -}}
{{- if not (hasKey $known $key) -}}{{- $_ := set $all "told" (append $all.told (printf "%s: is no value that is known here; left out" $key)) -}}
{{- else if and (kindIs "map" (index $known $key)) (kindIs "map" $value) -}}
{{- range $inner, $_ignored := $value -}}
{{- if not (hasKey (index $known $key) $inner) -}}{{- $_ := set $all "told" (append $all.told (printf "%s.%s: is no value that is known here; left out" $key $inner)) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $all -}}
{{- end }}

{{- define "raykeeper.replicas" -}}
{{- if kindIs "invalid" .Values.replicas -}}
{{- eq (toString .Values.leaderElectionEnabled) "false" | ternary 1 2 -}}
{{- else -}}
{{- .Values.replicas -}}
{{- end -}}
{{- end }}

{{/* The rules of some scopes, of the core and the plugins that are on. (list TOP SCOPES) */}}
{{- define "raykeeper.rules" -}}
{{- $top := index . 0 -}}{{- $scopes := index . 1 -}}
{{- $disabled := (include "raykeeper.settings" $top | fromJson).disabled -}}
rules:
{{- range ($top.Files.Get "files/rights.yaml" | fromYaml).rights }}
{{- $verbs := .verbs }}
{{- if has .plugin $disabled }}{{ $verbs = default list .whenDisabled }}{{ end }}
{{- $here := false }}
{{- range (kindIs "slice" .scope | ternary .scope (list (default "namespace" .scope))) }}{{ if has . $scopes }}{{ $here = true }}{{ end }}{{ end }}
{{- if and $verbs $here }}
  # {{ .plugin }}
  - apiGroups: {{ toJson .apiGroups }}
    resources: {{ toJson .resources }}
    {{- with .resourceNames }}
    resourceNames: {{ toJson . }}
    {{- end }}
    verbs: {{ toJson $verbs }}
{{- end }}
{{- end }}
{{- if has "namespace" $scopes }}
{{- range $top.Values.plugins.extra }}
{{- if and .rights (not (has .name $disabled)) }}
{{ toYaml .rights | indent 2 }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "raykeeper.subject" -}}
- kind: ServiceAccount
  name: {{ include "raykeeper.account" . | quote }}
  namespace: {{ .Release.Namespace | quote }}
{{- end }}
