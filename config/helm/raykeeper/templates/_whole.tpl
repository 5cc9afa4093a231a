{{/* Values that are not there get their defaults, in place: `helm upgrade --reuse-values` of a release of KubeRay's chart brings none of what that chart does not
have, and `null` takes a default away. What a pod may have none of stays away. Every template begins with it. */}}
{{- define "raykeeper.whole" -}}
{{- range $key, $default := .Files.Get "files/values.yaml" | fromYaml -}}
{{- $has := get $.Values $key -}}
{{- if has $key (list "resources" "podSecurityContext" "securityContext") -}}
{{- else if not (kindIs "map" $default) -}}
{{- if not (hasKey $.Values $key) -}}{{- $_ := set $.Values $key $default -}}{{- end -}}
{{- else if not (kindIs "map" $has) -}}
{{- $_ := set $.Values $key $default -}}
{{- else -}}
{{- range $inner, $value := $default -}}
{{- if not (hasKey $has $inner) -}}{{- $_ := set $has $inner $value -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}
