"""A worker of a device that has ONNX Runtime alone."""

from sartor_agent.runtimes import RUNTIMES
from sartor_agent.worker import main

if __name__ == "__main__":
    main({"onnxruntime": RUNTIMES["onnxruntime"]})
