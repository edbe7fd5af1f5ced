/// Every key of the language, as the printer writes it.
let everyKey = #"""
    program: tool
    summary: "A tool: all of it"
    version: "1.0"
    executable: /usr/bin/tool
    arguments:
      cluster: true
      rules:
        - {flag: [-v, --verbose], repeat: 3, help: once more for more}
        - {flag: -q, required: true, conflicts: [-v]}
        - option: --model
          value: {file: {direction: input, pattern: "*.mod"}}
          repeat: {min: 1, max: 5}
          requires: [-q, OUT]
          help: "where:\nhere"
        - {option: if, value: {file: any}, form: [equals]}
        - {option: -I, value: {string: {}}, form: [separate, attached]}
        - {option: -n, value: {integer: {min: 1, max: 64}}, required: true}
        - {option: -s, value: {integer: {min: 1, units: [px, "%"]}}}
        - {option: -r, value: {decimal: {min: 0.1, max: 9, units: ["", k]}}}
        - {option: -c, value: {choice: [fast, "1", "no"]}}
        - {option: -p, value: {string: {pattern: '[a-z]+\d', max: 100}}}
        - option: -e
          value:
            file: {direction: any, pattern: ["*.c", lib/**], except: "**/*:*"}
        - {option: -E, value: {file: {direction: output, except: ["@*", "*:*"]}}}
        - {option: -d, value: {duration: {min: 90s, max: 2h}}}
        - {option: -t, value: {duration: {units: [s, ms]}}}
        - {option: -m, value: {size: {max: 1536MiB}}}
        - {option: -M, value: {size: {min: 1MiB, units: ["", K]}}}
        - {option: -D, value: {date: true}}
        - option: -l
          value: {list: {separator: ":", of: {integer: {}}, min: 0, max: 10}}
        - one_of:
            - all_of:
                - {flag: -x, required: true}
                - {one_of: [{flag: -y}, {flag: -z}], required: false}
              help: takes things out of an archive that was made before
            - {literal: list}
          required: false
          help: what to do
        - {argument: OUT, value: {file: output}, required: false}
        - {separator: true, help: files}
    inputs:
      - path: "*.mod"
        required: true
        max_size: 10MiB
        max_total: 1GB
        help: models
      - one_of:
          - {path: a, max_size: 1MiB, type: text}
          - {path: "**/*.png", max_size: 1kB, max_count: 5, type: [png, text/ascii]}
        required: false
        help: at most one
    results:
      - path: "*.sol"
        when: [complete, failed, wall-time]
        required: true
        max_size: 1GiB
        excess: truncate
        max_count: 5
        help: solutions
      - {path: log, when: any}
      - {path: core, when: killed}
    stdin: {stream: true, max_size: 1MiB}
    stdout: {file: out.txt, max_size: 2MiB, excess: truncate}
    stderr: stdout
    environment:
      set:
        LC_ALL: C
        "NO": "1"
      accept:
        - {name: OMP_NUM_THREADS, value: {integer: {min: 1, max: 64}}}
    success: {exit_codes: [0, 3]}
    stop:
      signal: INT
      grace: 1500ms
    suspend:
      signal: USR1
      grace: 2s
    limits:
      wall: {default: 10m, max: 2h}
      cpu: 10m
      memory: 1GiB
      processes: 32
      open_files: {default: 64, max: 256}
      file_size: 512MiB
      output: 64MiB
      disk: 1GiB
      temporary: 1
      cpus: {default: 0.25, max: 8.125}
      io: {default: 1500kB, max: unlimited}
    security:
      root: {image: debian-12}
      files:
        read: [/usr/share/glpk]
        execute: ["/opt/a b, c"]
      network: host
      seccomp: {extends: default, allow: [ptrace], deny: [socket, mount]}
      devices: [/dev/kvm]
    who: {users: [alice], groups: [staff]}

    """#
