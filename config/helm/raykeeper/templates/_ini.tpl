{{/* INI text from sections of options, as raykeeper reads it. Nothing that it would cut or refuse is written; `null` is an option that is not set. */}}

{{/* A value as a text of one or several lines. (list WHERE VALUE) */}}
{{- define "raykeeper.iniValue" -}}
{{- $where := index . 0 -}}{{- $v := index . 1 -}}
{{- if kindIs "slice" $v -}}
{{- $all := list -}}
{{- range $v -}}{{- $all = append $all (include "raykeeper.iniValue" (list $where .)) -}}{{- end -}}
{{- join "\n" $all -}}
{{- else if kindIs "map" $v -}}
{{- fail (printf "%s: is a map; an option has a text, a number, true or false, or a list of them" $where) -}}
{{- else if kindIs "invalid" $v -}}
{{- else if kindIs "float64" $v -}}
{{- if eq (floor $v) $v -}}{{- printf "%.0f" $v -}}{{- else -}}{{- printf "%v" $v -}}{{- end -}}
{{- else -}}
{{- toString $v | trim -}}
{{- end -}}
{{- end }}

{{/* Words of an option that is a list: on one line where they fit, as `raykeeper migrate` writes them. */}}
{{- define "raykeeper.words" -}}
{{- $line := join ", " . -}}
{{- if lt (len $line) 100 }}{{ $line }}{{ else }}{{ join "\n" . }}{{ end -}}
{{- end }}

{{/* (list WHERE SECTIONS) */}}
{{- define "raykeeper.ini" -}}
{{- $where := index . 0 -}}
{{- range $section, $options := index . 1 }}
{{- if $options }}
{{- if not (kindIs "map" $options) }}{{- fail (printf "%s: [%s] is no map of options" $where $section) }}{{- end }}
[{{ $section }}]
{{- range $key, $value := $options }}
{{- if not (kindIs "invalid" $value) }}
{{- $at := printf "%s: [%s] %s" $where $section $key }}
{{- $text := include "raykeeper.iniValue" (list $at $value) }}
{{- range splitList "\n" $text }}
{{- if regexMatch "\\s[;#]|^\\s*[;#]" . }}{{- fail (printf "%s: a blank and then %q would begin a comment in an INI file; of JSON write \\u003b and \\u0023" $at (regexFind "[;#]" .)) }}{{- end }}
{{- if gt (len .) 8000 }}{{- fail (printf "%s: has a line of over 8000 characters, which no INI file holds; `raykeeper migrate --from kuberay-values` folds what can be folded" $at) }}{{- end }}
{{- end }}
{{- if contains "\n" $text }}
{{ $key }} =
{{- range splitList "\n" $text }}{{ if trim . }}
    {{ trim . }}{{ end }}{{ end }}
{{- else }}
{{ printf "%s = %s" $key $text | trim }}
{{- end }}
{{- end }}
{{- end }}
{{ end }}
{{- end }}
{{- end }}

{{/* A drop-in: a text as it is, or sections. (list NAME VALUE) */}}
{{- define "raykeeper.dropIn" -}}
{{- $name := index . 0 -}}{{- $v := index . 1 -}}
{{- if kindIs "map" $v -}}
{{- include "raykeeper.ini" (list (printf "dropIns.%s" $name) $v) | trim -}}
{{- else -}}
{{- default "" $v | trim -}}
{{- end -}}
{{- end }}

{{/* A text of several lines in YAML; with escapes where it has a character that YAML takes for the end of a line, or not at all. (list NAME TEXT) */}}
{{- define "raykeeper.entry" -}}
{{- $name := index . 0 -}}{{- $text := index . 1 -}}
{{- if regexMatch "[^\\n\\x20-\\x7e\\xa0-\\x{2027}\\x{202a}-\\x{d7ff}\\x{e000}-\\x{fefe}\\x{ff00}-\\x{fffd}\\x{10000}-\\x{10ffff}]" $text -}}
{{ $name }}: {{ printf "%+q" $text }}
{{- else -}}
{{ dict $name $text | toYaml }}
{{- end -}}
{{- end }}

{{/* What is in the ConfigMap; its hash is an annotation of the pods. */}}
{{- define "raykeeper.data" -}}
{{- $settings := include "raykeeper.settings" . | fromJson -}}
{{- $head := printf "; From the values of the release %s. What is not here has its default: `raykeeper conf` tells all of it.\n" .Release.Name -}}
{{- range $settings.told -}}{{- $head = printf "%s; not taken over: %s\n" $head (replace "\n" " " . | trunc 500) -}}{{- end -}}
{{- $data := dict "raykeeper.ini" (printf "%s%s" $head (include "raykeeper.ini" (list "values" $settings.sections)) | trim | printf "%s\n") -}}
{{- range $name, $text := .Values.dropIns -}}{{- $_ := set $data $name (printf "%s\n" (include "raykeeper.dropIn" (list $name $text))) -}}{{- end -}}
{{- range $name, $text := $data }}
{{ include "raykeeper.entry" (list $name $text) }}
{{- end }}
{{- end }}
