/* Threads: mutexes, conditions, barriers, keys, cancellation, a signal to one of them. */
#include "t.h"
#include <pthread.h>
#include <semaphore.h>

enum { THREADS = 8, ROUNDS = 2000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_key_t key;
static long shared, produced, consumed, destroyed;
static __thread int own = 5;
static sem_t semaphore;

static void destroy(void *value)
{
    (void)value;
    __atomic_add_fetch(&destroyed, 1, __ATOMIC_RELAXED);
}

static void *count(void *argument)
{
    pthread_setspecific(key, argument);
    own += (int)(long)argument;
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < ROUNDS; i++) {
        pthread_mutex_lock(&mutex);
        shared++;
        pthread_mutex_unlock(&mutex);
    }
    return (void *)(long)own;
}

static void *consume(void *argument)
{
    pthread_mutex_lock(&mutex);
    while (consumed < 100) {
        while (produced == consumed)
            pthread_cond_wait(&condition, &mutex);
        consumed++;
        pthread_cond_signal(&condition);
    }
    pthread_mutex_unlock(&mutex);
    return argument;
}

static void *sleeper(void *argument)
{
    sem_post(&semaphore);
    for (;;)
        pause();
    return argument;
}

static pthread_t signalled;

static void note(int number)
{
    (void)number;
    signalled = pthread_self();
}

int main(void)
{
    pthread_t threads[THREADS];
    void *result;

    pthread_barrier_init(&barrier, NULL, THREADS);
    pthread_key_create(&key, destroy);
    sem_init(&semaphore, 0, 0);
    for (long i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, count, (void *)(i + 1));
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &result);
        printf("%ld ", (long)result);
    }
    printf("\n%ld %d %ld\n", shared, own, destroyed);
    pthread_create(threads, NULL, consume, NULL);
    pthread_mutex_lock(&mutex);
    for (int i = 0; i < 100; i++) {
        produced++;
        pthread_cond_signal(&condition);
        while (consumed < produced)
            pthread_cond_wait(&condition, &mutex);
    }
    pthread_mutex_unlock(&mutex);
    pthread_join(threads[0], NULL);
    printf("%ld\n", consumed);
    pthread_create(threads, NULL, sleeper, NULL);
    sem_wait(&semaphore);
    pthread_cancel(threads[0]);
    pthread_join(threads[0], &result);
    printf("cancelled %d\n", result == PTHREAD_CANCELED);
    signal(SIGUSR1, note);
    pthread_create(threads, NULL, sleeper, NULL);
    sem_wait(&semaphore);
    pthread_kill(threads[0], SIGUSR1);
    while (!signalled)
        usleep(1000);
    printf("signalled %d\n", pthread_equal(signalled, threads[0]));
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 30000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&mutex);
    printf("timed %d\n", pthread_cond_timedwait(&condition, &mutex, &until) == ETIMEDOUT);
    /* The process ends with a thread still there. */
    return 4;
}
