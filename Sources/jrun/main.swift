print("jrun")
