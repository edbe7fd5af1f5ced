/// Every attack, table by table.
package let attacks: [Attack] = [
    namespaceAttacks, mountAttacks, processAttacks, signalAttacks, kernelAttacks, networkAttacks, cgroupAttacks,
    privilegeAttacks, machineAttacks, lifetimeAttacks,
    fileReadingAttacks, fileChangingAttacks, procAttacks, sharingAttacks, terminalAttacks, resourceAttacks,
    imageAttacks,
].flatMap { $0 }

/// Everybody who may be attacked, in the order of the table's columns; the control first.
package let confiners: [any Confiner] = [
    Outside(), JrunExec(), JrunRootless(), JrunImage(isWritable: false), JrunImage(isWritable: true), JrunWarm(),
    Bubblewrap(),
    Crun(),
    SystemdRun(),
]
