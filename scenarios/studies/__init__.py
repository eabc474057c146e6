"""The virtual laboratory: published assays as time courses in wells, read as an instrument would.

``schema`` says what an assay file may hold, ``conditions`` turns it into scenarios, ``culture``
runs them, ``readers`` adds the noise of the instruments, one file per family holds what is asked
and how it is analysed, ``run`` writes the folder.
"""
