// C++ exceptions through frames with destructors, rethrown, across threads.
#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

struct Guard {
    const char *name;
    ~Guard()
    {
        std::printf("~%s\n", name);
    }
};

static int deep(int n)
{
    Guard guard{n % 2 ? "odd" : "even"};
    if (n == 0)
        throw std::runtime_error("bottom");
    return deep(n - 1) + 1;
}

int main()
{
    try {
        deep(3);
    } catch (const std::exception &error) {
        std::printf("caught %s\n", error.what());
    }
    try {
        try {
            throw 42;
        } catch (int n) {
            std::printf("int %d\n", n);
            throw;
        }
    } catch (...) {
        std::printf("again\n");
    }
    std::exception_ptr kept;
    try {
        std::vector<int>().at(5);
    } catch (const std::out_of_range &) {
        kept = std::current_exception();
    }
    try {
        std::rethrow_exception(kept);
    } catch (const std::logic_error &) {
        std::printf("kept\n");
    }
    int caught = 0;
    for (int i = 0; i < 1000; i++) {
        try {
            throw std::string("x");
        } catch (const std::string &s) {
            caught += static_cast<int>(s.size());
        }
    }
    std::printf("%d\n", caught);
    return 0;
}
